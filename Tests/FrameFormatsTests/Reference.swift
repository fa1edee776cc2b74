// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Diffraction
import Foundation
import FrameFormats
import Testing

/// The computed files beside this source and what is known about them.
enum Reference {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference")
  /// The folder with files of other projects that cannot be copied here: the one that `EWALD_SHARED` names, or
  /// `shared` beside the checkout.
  static let shared: String? = {
    let beside = URL(filePath: #filePath).appending(path: "../../../../shared").standardizedFileURL.path()
    let folder = ProcessInfo.processInfo.environment["EWALD_SHARED"] ?? beside
    let isThere = FileManager.default.fileExists(atPath: folder + "/reference/formats/expected.json")
    return isThere ? folder : nil
  }()
  static let needsShared: Comment = """
    needs RosettaSciIO's test files in reference/formats of the folder that EWALD_SHARED names, or of ../shared
    """

  static func path(_ name: String) -> String { folder.appending(path: name).path() }

  /// Read once, never changed.
  nonisolated(unsafe) private static let sets: [String: [String: Any]] = Dictionary(
    uniqueKeysWithValues: ["tiff_awkward", "tiff_codecs", "same_scan", "hostile"].map {
      ($0, json(folder.appending(path: "\($0)/expected.json").path()))
    })

  static func expected(_ set: String) -> [String: Any] { sets[set]! }

  static func json(_ path: String) -> [String: Any] {
    let data = try! Data(contentsOf: URL(filePath: path))
    return try! JSONDecoder().decode(JSONValue.self, from: data).value as! [String: Any]
  }

  static func files(_ set: String) -> [String: [String: Any]] {
    let all = expected(set)
    return (all["files"] ?? all) as! [String: Any] as? [String: [String: Any]]
      ?? (all.filter { !$0.key.hasPrefix("_") } as! [String: [String: Any]])
  }
}

/// JSON with exact numbers; `JSONSerialization` may be off in the last place.
private struct JSONValue: Decodable {
  var value: Any

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let dictionary = try? container.decode([String: JSONValue].self) {
      value = dictionary.mapValues(\.value)
    } else if let array = try? container.decode([JSONValue].self) {
      let values = array.map(\.value)
      value = values as? [Int] ?? values
    } else if let text = try? container.decode(String.self) {
      value = text
    } else if let bool = try? container.decode(Bool.self) {
      value = bool ? 1.0 : 0.0
    } else if let whole = try? container.decode(Int.self) {
      value = whole
    } else {
      value = (try? container.decode(Double.self)) ?? Double.nan
    }
  }
}

/// A folder that is removed when the test is over.
final class Scratch {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "ewald-\(UUID().uuidString)"
    try! FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String, _ bytes: some Sequence<UInt8>) -> String {
    let target = path + "/" + name
    try! Data(bytes).write(to: URL(filePath: target))
    return target
  }
}

/// Compares an array with an `expected.json` entry: shape, type, statistics, single pixels.
func check(
  _ frames: [Pixels], _ expected: [String: Any], _ name: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  guard let first = frames.first else {
    Issue.record("\(name): no frames", sourceLocation: sourceLocation)
    return
  }
  let shape = expected["shape"] as? [Int] ?? []
  #expect(shape.suffix(2) == [first.height, first.width], "\(name)", sourceLocation: sourceLocation)
  #expect(
    shape.dropLast(2).reduce(1, *) == frames.count, "\(name): number of frames",
    sourceLocation: sourceLocation)
  let type = expected["dtype"] as? String ?? ""
  // Halves are widened, bits become bytes.
  let sample = ["float16": "float32", "bool": "uint8"][type] ?? type
  #expect(first.sample.rawValue == sample, "\(name)", sourceLocation: sourceLocation)
  let values = frames.flatMap { $0.doubles() }
  let finite = values.filter(\.isFinite)
  let numbers: [(String, Double)] = [
    ("min", finite.min() ?? .nan), ("max", finite.max() ?? .nan), ("sum", finite.reduce(0, +)),
    ("mean", finite.reduce(0, +) / Double(finite.count)),
    ("n_nan", Double(values.count { $0.isNaN })), ("n_inf", Double(values.count { $0.isInfinite })),
  ]
  for (key, value) in numbers {
    guard let wanted = number(expected[key]) else { continue }
    let isFloatSum = key == "sum" && first.sample.isFloat || key == "mean"
    let near =
      isFloatSum
      ? abs(value - wanted) <= 1e-9 * max(abs(wanted), finite.map(abs).max() ?? 0) : value == wanted
    #expect(
      near || (value.isInfinite && wanted == value), "\(name): \(key) is \(value), not \(wanted)",
      sourceLocation: sourceLocation)
  }
  for pixel in expected["pixels"] as? [[String: Any]] ?? [] {
    guard let index = pixel["index"] as? [Int], let wanted = number(pixel["value"]) else { continue }
    var position = 0
    for (size, i) in zip(shape, index) { position = position * size + i }
    let value = values[position]
    #expect(
      value == wanted || (value.isNaN && wanted.isNaN), "\(name): pixel \(index) is \(value), not \(wanted)",
      sourceLocation: sourceLocation)
  }
}

func number(_ value: Any?) -> Double? {
  switch value {
  case let number as Int: Double(number)
  case let number as Double: number
  case "NaN" as String: .nan
  case "Infinity" as String: .infinity
  case "-Infinity" as String: -.infinity
  default: nil
  }
}

/// All frames of an opened file.
func frames(_ source: any FrameSource) throws(FileRefusal) -> [Frame] {
  var frames: [Frame] = []
  for index in 0..<source.summary.frames { frames.append(try source.frame(at: index)) }
  return frames
}

func bytes(_ pixels: Pixels) -> [UInt8] { pixels.withBytes { Array($0) } }

func load(_ path: String) -> [UInt8] { Array(try! Data(contentsOf: URL(filePath: path))) }
