"""Whether a configuration is ready to be run: its folders, the machine, its engines.

Enters: what is looked at before anything is put in force, each as a finding with its way out. Who
asks, and whose rights count, the callers know: the daemon for itself, the command line for others.
"""
