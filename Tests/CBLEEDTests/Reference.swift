// swift-format-ignore-file: NeverForceUnwrap, NeverUseForceTry

import Arrays
import CBLEED
import Foundation

/// The computed files beside this source.
enum Reference {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference")

  static func data(_ name: String) -> Data { try! Data(contentsOf: folder.appending(path: name)) }

  /// The numbers of a table, without its head.
  static func table(_ name: String) -> [[Double]] {
    let text = String(decoding: data(name), as: UTF8.self)
    return text.split(separator: "\n").dropFirst().map { $0.split(separator: ",").map { Double($0)! } }
  }

  static func json(_ name: String) -> [String: Any] {
    try! JSONSerialization.jsonObject(with: data(name)) as! [String: Any]
  }

  static let phaseShifts = {
    let rows = table("si_phase_shifts.csv")
    return PhaseShifts(energies: rows.map { $0[0] }, values: rows.map { Array($0[1...]) })
  }()

  static let surface = try! SurfaceModel.siliconDimers()

  /// The parameters of this surface for the references' (dH, dL, b).
  static func parameters(_ dH: Double, _ dL: Double, _ b: Double) -> [String: Double] {
    ["dimer_height": dH, "dimer_length": 2.30 + dL, "dimer_buckling": b]
  }
}

/// Complex numbers of a JSON reference: [re, im].
func complex(_ value: Any) -> ComplexDouble {
  let pair = value as! [Double]
  return ComplexDouble(pair[0], pair[1])
}

extension Reference {
  /// A square image of 32-bit floats.
  static func image(_ name: String) -> [Float] {
    data(name).withUnsafeBytes { bytes in
      (0..<bytes.count / 4).map {
        Float(bitPattern: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))
      }
    }
  }

  /// The surface with other vibration amplitudes.
  static func surface(top: Double, below: Double) -> SurfaceModel {
    let lines = SurfaceModel.siliconDimersText.split(separator: "\n").map { line in
      line.hasSuffix(" 0.012")
        ? line.dropLast(5) + "\(top)" : line.hasSuffix(" 0.006") ? line.dropLast(5) + "\(below)" : line
    }
    return try! SurfaceModel(parsing: lines.joined(separator: "\n"))
  }
}
