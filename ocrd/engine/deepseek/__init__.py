"""DeepSeek-OCR and DeepSeek-OCR-2: loading, looking at pages, decoding many of them together."""
