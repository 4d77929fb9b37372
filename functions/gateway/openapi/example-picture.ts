/**
 * The picture in the examples of the reference: `examples/fox.png` on white, 40 × 40 pixels with a palette of 8 colors.
 * It is small, because the document repeats it, and in the request itself, so that an example works on every
 * deployment.
 */
export const EXAMPLE_PICTURE =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACgAAAAoBAMAAAB+0KVeAAAAMFBMVEX/XxD////g4eH/kxH07eRcW1n7q4P+cxk1LCWVj4jvzbW+ai35j1uCSSn9ejm9u7XY5v0KAAAACXBIWXMAAAsSAAALEgHS3X78AAABoElEQVQokX3Tz0cEYRgH8C/LDu1uPGtEK6XHW4cuxXvYQ6cZm6zoUJaS9OMwpw5L/QFdYnRJNKRTVqRbpENW1KlL0iWyLEWndOkQdcv7Y2ZHquc078fzzvO+4zugXwp/4sBesh5NcKj2bq2qnzRGtSVjxehh16Jba9rW6uL4jMViTZ63NEaz40sWBxZkGR4R9eTW5bzF3gUpcU1Ek47s4JmU9S4iWnakvLDYn5FyrDsIgnpGynwK61CVSaFjDViXWYt9TtkanHKMPU7cCOiBCksJAXiJr9lphD6v3p7u3LA4ncasxcM0dnsGrwA0FVyeAljRqObkPu+B3McmgGeNak5hbhMo7Cvs0qjmFEKF4T2AvMZl9bq2el1bj/IIVHoL1p6S2bfB3YrCBvPIjbF8g5mPCMSqRtSx4KzqhUHh+sMKX9krMrNnOgXxFeA0PFcvQC7zYEXwMZD1K8JlNjdi9opi6jFs+YJ8jr8nsy8mwnDHF8wqFCafPotqGG77xuLQVsTX/tZXQ2jrJPkjmo8qP+NdOjhJ8pzKvNn6/4/ws74BZ7ZxtDlLHAwAAAAASUVORK5CYII=";
