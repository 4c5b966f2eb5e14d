#!/usr/bin/env bash
# Builds llama.cpp's own server, and its converter of models, in build/llamacpp: from the sources
# that llama-cpp-python carries on PyPI. Twenty minutes on two busy cores; quick when it is there.
# Usage: tests/manual/llama_cpp.sh VERSION, of llama-cpp-python
set -euo pipefail
cd "$(dirname "$0")/../.."
. packaging/environment.sh
folder=build/llamacpp
version=$1

stamp=$folder/built
if [ -x "$folder/bin/llama-server" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$version" ]; then exit 0; fi

command -v g++ >/dev/null || need_debian g++
command -v cmake >/dev/null || need_debian cmake
command -v ninja >/dev/null || need_debian ninja-build
rm -rf "$folder"
mkdir -p "$folder/source"
echo "Building llama.cpp's server in $folder (twenty minutes) …"
.venv/bin/python -m pip download --quiet --disable-pip-version-check --no-deps \
    --no-binary llama-cpp-python --dest "$folder" "llama-cpp-python==$version"
# The web page and the tests stay out, and the compiler is not to try hard: the model is tiny.
tar -xzf "$folder"/llama_cpp_python-*.tar.gz -C "$folder/source" --strip-components=3 \
    "llama_cpp_python-$version/vendor/llama.cpp"
cmake -S "$folder/source" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DBUILD_SHARED_LIBS=OFF -DLLAMA_BUILD_TESTS=OFF \
    -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_APP=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
    -DLLAMA_OPENSSL=OFF -DLLAMA_ALL_WARNINGS=OFF >"$folder/configure.log"
nice ninja -C "$folder" llama-server >"$folder/build.log" || { tail -n 20 "$folder/build.log"; exit 1; }
echo "$version" >"$stamp"
