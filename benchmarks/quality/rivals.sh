#!/bin/sh
# Install the programs and languages that benchmarks.quality.rivals compares with: Debian, as root.
set -eu
apt-get update -q
apt-get install -q -y --no-install-recommends tesseract-ocr tesseract-ocr-osd tesseract-ocr-eng \
    tesseract-ocr-deu tesseract-ocr-fra tesseract-ocr-spa tesseract-ocr-ita tesseract-ocr-nld \
    tesseract-ocr-por ocrmypdf
