"""From a model's name and a page's image to a network on its device and the page's features."""
