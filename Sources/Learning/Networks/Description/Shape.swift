/// The shape of one sample: a batch is always in front of it.
package enum Shape: Sendable, Hashable {
  case vector(Int)
  /// Values are stored channel after channel, row after row.
  case image(channels: Int, height: Int, width: Int)

  package var count: Int { dimensions.reduce(1, *) }

  package var dimensions: [Int] {
    switch self {
    case .vector(let count): [count]
    case .image(let channels, let height, let width): [channels, height, width]
    }
  }

  /// Channels of an image, values of a vector: what batch normalisation normalises one by one.
  package var channels: Int { dimensions[0] }

  init?(dimensions: [Int]) {
    guard dimensions.allSatisfy({ $0 > 0 }) else { return nil }
    switch dimensions.count {
    case 1: self = .vector(dimensions[0])
    case 3: self = .image(channels: dimensions[0], height: dimensions[1], width: dimensions[2])
    default: return nil
    }
  }
}

extension Shape: CustomStringConvertible {
  package var description: String { dimensions.map(String.init).joined(separator: "x") }
}
