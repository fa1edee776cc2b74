/// One image seen as pixels (batch, channel, row, row in block, column, column in block) and the same values as
/// channels of a smaller image.
struct UnshuffleViews {
  let pixels: TensorLayout
  let channels: TensorLayout

  init(_ shape: Shape, factor: Int, order: Layer.ChannelOrder, batch: Int) throws(NetworkError) {
    guard case .image(let channels, let height, let width) = shape else {
      preconditionFailure("pixel unshuffling of a vector")
    }
    let (rows, columns) = (height / factor, width / factor)
    let dimensions = [batch, channels, rows, factor, columns, factor]
    let size = channels * height * width
    pixels = try TensorLayout(dimensions, strides: [size, height * width, factor * width, width, factor, 1])
    let plane = rows * columns
    let (channel, row, column) =
      order == .channelMajor
      ? (factor * factor * plane, factor * plane, plane)
      : (plane, factor * channels * plane, channels * plane)
    self.channels = try TensorLayout(dimensions, strides: [size, channel, columns, row, 1, column])
  }
}
