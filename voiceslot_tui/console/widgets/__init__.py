"""Line-by-line widgets: each paints only the lines that changed, and shows cleaned text only."""
