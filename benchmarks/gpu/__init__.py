"""What only a GPU shows of the DeepSeek engine, measured in one command of nine minutes.

``python3 -m benchmarks.gpu`` goes through the stages of :mod:`benchmarks.gpu.stages` in their order
and writes one JSON line for each, then a report. It needs torch (2.11 or newer), Transformers
(5.23 or newer), numpy and Pillow: no installation of ours, no checkpoint. The weights are random,
of the full size, made on the device. Everything measured is the engine's own code; what is timed
beside it (one attention, the copy rate) says so.

Two processes: this one knows the clock and needs no torch; a bench (:mod:`benchmarks.gpu.bench`)
measures, stage by stage, as it is told. A stage that hangs, crashes or breaks the device costs
itself: its bench is ended, and the next stage has a fresh one. ``--tiny`` runs all of it on the
processor with a tiny network, to see that it works.
"""
