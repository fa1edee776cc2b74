import Arrays
import CTIFF
import Foundation
import Imaging
import Testing

/// The computed references in `Reference` (see its README): inputs, outputs and tolerances.
enum Reference {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Reference")

  /// One entry of imageops.json.
  struct Case: CustomStringConvertible, @unchecked Sendable {
    let fields: [String: Any]
    var op: String { self["op"] }
    var description: String { "\(op) \(fields["input"] ?? "")" }

    subscript<T>(_ key: String) -> T {
      guard let value = fields[key] as? T else { preconditionFailure("\(op) has no \(key) of that type") }
      return value
    }
    func number(_ key: String) -> Double { (self[key] as NSNumber).doubleValue }
    func image(_ key: String) -> Image { Reference.image(self[key])[0] }
    func mask(_ key: String) -> Mask { image(key).brighter(than: 0.5) }
    func labels(_ key: String) -> Labels { image(key).mapValues { Int32($0) } }
  }

  static let cases: [Case] = {
    guard let data = try? Data(contentsOf: folder.appendingPathComponent("imageops.json")),
      let root = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
      let cases = root["cases"] as? [[String: Any]]
    else { preconditionFailure("the list of references is there and can be read") }
    return cases.map(Case.init)
  }()

  static func cases(_ op: String) -> [Case] { cases.filter { $0.op == op } }

  /// Every page. The files have one strip layout and no orientation to mind; the sample type follows from
  /// the name, since only masks, labels and markers are integers.
  static func image(_ name: String) -> [Image] {
    let integers = ["mask": 1, "erosion": 1, "label": 2, "markers": 2, "watershed": 2, "watershed_edt": 2]
    let word = integers.keys.first { name.hasSuffix("_\($0).tif") }
    let bytesPerSample = word.flatMap { integers[$0] } ?? 4
    let path = folder.appendingPathComponent(name).path
    guard let tiff = TIFFOpen(path, "r") else {
      Issue.record("no reference \(name)")
      return []
    }
    defer { TIFFClose(tiff) }
    var pages: [Image] = []
    repeat {
      var bytes: [UInt8] = []
      for strip in 0..<TIFFNumberOfStrips(tiff) {
        var buffer = [UInt8](repeating: 0, count: Int(TIFFStripSize(tiff)))
        let count = TIFFReadEncodedStrip(tiff, strip, &buffer, tmsize_t(buffer.count))
        bytes += buffer.prefix(Int(count))
      }
      let columns = Int(TIFFScanlineSize(tiff)) / bytesPerSample
      let values: [Float] = bytes.withUnsafeBytes { raw in
        switch bytesPerSample {
        case 1: raw.map { Float($0) }
        case 2: raw.bindMemory(to: UInt16.self).map { Float($0) }
        default: Array(raw.bindMemory(to: Float.self))
        }
      }
      pages.append(Image(rows: values.count / columns, columns: columns, values: values))
    } while TIFFReadDirectory(tiff) != 0
    return pages
  }
}

func largestDifference(_ a: Image, _ b: Image) -> Float {
  precondition(a.rows == b.rows && a.columns == b.columns)
  return zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
}
