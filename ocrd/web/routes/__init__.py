"""One module for each kind of question: its paths, its forms, and nothing that another has too."""
