"""What stands in front of the panes for a moment: questions, texts, lists and lines to type on."""
