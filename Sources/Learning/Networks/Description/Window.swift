/// How a kernel moves over an image.
package struct Window: Sendable, Hashable {
  package var height: Int
  package var width: Int
  package var stride: Size
  package var dilation: Size
  package var padding: Padding

  package struct Size: Sendable, Hashable {
    package var vertical: Int
    package var horizontal: Int
    package init(vertical: Int, horizontal: Int) {
      self.vertical = vertical
      self.horizontal = horizontal
    }
    package init(_ both: Int) { self.init(vertical: both, horizontal: both) }
  }

  package enum Padding: Sendable, Hashable {
    case none
    /// The result has ceil(size / stride) pixels; an odd pixel goes to the right and the bottom.
    case same
    case edges(top: Int, left: Int, bottom: Int, right: Int)

    package static func each(_ pixels: Int) -> Padding {
      .edges(top: pixels, left: pixels, bottom: pixels, right: pixels)
    }
  }

  package init(
    height: Int, width: Int, stride: Size = Size(1), dilation: Size = Size(1), padding: Padding = .none
  ) {
    self.height = height
    self.width = width
    self.stride = stride
    self.dilation = dilation
    self.padding = padding
  }

  package init(_ kernel: Int, stride: Int = 1, padding: Padding = .none) {
    self.init(height: kernel, width: kernel, stride: Size(stride), padding: padding)
  }
}

/// A window placed on an image of a known size.
struct PlacedWindow: Hashable {
  var rows: PlacedAxis
  var columns: PlacedAxis

  /// `nil` when nothing fits or a number is out of range.
  init?(_ window: Window, height: Int, width: Int, roundingUp: Bool = false) {
    let (before, after): ((Int, Int), (Int, Int))
    switch window.padding {
    case .none: (before, after) = ((0, 0), (0, 0))
    case .edges(let top, let left, let bottom, let right):
      (before, after) = ((top, left), (bottom, right))
    case .same:
      let rows = PlacedAxis.same(
        height, kernel: window.height, stride: window.stride.vertical, dilation: window.dilation.vertical)
      let columns = PlacedAxis.same(
        width, kernel: window.width, stride: window.stride.horizontal, dilation: window.dilation.horizontal)
      guard let rows, let columns else { return nil }
      (before, after) = ((rows.before, columns.before), (rows.after, columns.after))
    }
    guard
      let rows = PlacedAxis(
        size: height, kernel: window.height, stride: window.stride.vertical,
        dilation: window.dilation.vertical, before: before.0, after: after.0, roundingUp: roundingUp),
      let columns = PlacedAxis(
        size: width, kernel: window.width, stride: window.stride.horizontal,
        dilation: window.dilation.horizontal, before: before.1, after: after.1, roundingUp: roundingUp)
    else { return nil }
    self.rows = rows
    self.columns = columns
  }
}

struct PlacedAxis: Hashable {
  var kernel: Int
  var stride: Int
  var dilation: Int
  var before: Int
  /// Padding behind the image, as much as the last window reaches (negative when it stops early).
  var after: Int
  var outputs: Int

  private static let limit = 1 << 20

  init?(
    size: Int, kernel: Int, stride: Int, dilation: Int, before: Int, after: Int, roundingUp: Bool = false
  ) {
    let all = [size, kernel, stride, dilation, before + 1, after + 1]
    guard all.allSatisfy({ $0 > 0 && $0 <= Self.limit }) else { return nil }
    let reach = (kernel - 1) * dilation + 1
    let room = size + before + after - reach
    guard room >= 0, before < reach, after < reach else { return nil }
    var steps = room / stride
    // A window that starts in the padding behind the image would see no pixel.
    if roundingUp, room % stride != 0, (steps + 1) * stride < size + before { steps += 1 }
    self.kernel = kernel
    self.stride = stride
    self.dilation = dilation
    self.before = before
    self.after = steps * stride + reach - size - before
    outputs = steps + 1
  }

  /// Padding for ceil(size / stride) outputs.
  static func same(_ size: Int, kernel: Int, stride: Int, dilation: Int) -> (before: Int, after: Int)? {
    guard [size, kernel, stride, dilation].allSatisfy({ $0 > 0 && $0 <= limit }) else { return nil }
    let outputs = (size + stride - 1) / stride
    let total = max((outputs - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return (total / 2, total - total / 2)
  }
}
