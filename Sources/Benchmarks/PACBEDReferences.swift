import JSON
import System
import Arrays
import Diffraction
import FrameFormats
import Glibc
import Learning
import Scattering

/// Patterns whose thickness is known from elsewhere: abTEM's, of the tests, or of the folder that
/// EWALD_PACBED_REFERENCES names (there also measured ones).
struct PACBEDReference {
  var name: String
  var crystal: String
  /// mrad.
  var convergence: Double
  var mistilt: Vector2
  /// nm.
  var thickness: Double
  /// mrad a pixel, rows and columns.
  var pixel: Vector2
  var image: Matrix

  static func all() -> [PACBEDReference] {
    let folder =
      Environment["EWALD_PACBED_REFERENCES"]
      ?? #filePath.split(separator: "/").dropLast(3).reduce("") { $0 + "/" + $1 }
      + "/Tests/PACBEDTests/Reference"
    guard let bytes = try? WholeFile.bytes("\(folder)/cases.json"), let json = try? JSONValue(bytes),
      let cases = json["cases"]?.items
    else { return [] }
    return cases.compactMap { entry in
      guard let file = entry["file"]?.string, let shape = entry["shape"]?.ints, shape.count == 2,
        let pitch = entry["pixel_mrad"]?.items?.compactMap(\.double), pitch.count == 2,
        let tilt = entry["mistilt_mrad"]?.items?.compactMap(\.double), tilt.count == 2,
        let convergence = entry["alpha_mrad"]?.double, let thickness = entry["thickness_A"]?.double,
        let crystal = entry["crystal"]?.string, let image = picture("\(folder)/\(file)", shape)
      else { return nil }
      return PACBEDReference(
        name: String(file.prefix { $0 != "." }), crystal: crystal, convergence: convergence,
        mistilt: Vector2(tilt[0], tilt[1]), thickness: thickness / 10, pixel: Vector2(pitch[0], pitch[1]),
        image: image)
    }
  }

  /// Another file of the folder, a measured frame.
  static func measured(_ name: String) -> Matrix? {
    guard let folder = Environment["EWALD_PACBED_REFERENCES"] else { return nil }
    return picture("\(folder)/\(name)", nil)
  }

  private static func picture(_ path: String, _ shape: [Int]?) -> Matrix? {
    if path.hasSuffix(".f32"), let shape, let bytes = try? WholeFile.bytes(path),
      bytes.count == shape[0] * shape[1] * 4
    {
      let values = bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      return Matrix(rows: shape[0], columns: shape[1], values: values)
    }
    guard let source = try? FormatList.open(path: path), let frame = try? source.frame(at: 0) else {
      return nil
    }
    return frame.pixels.matrix()
  }

  /// With square pixels, as cameras have them.
  var square: (image: Matrix, pixel: Double) {
    let p = min(pixel.x, pixel.y)
    guard abs(pixel.x - pixel.y) > 1e-6 else { return (image, p) }
    let rows = Int((Double(image.rows) * pixel.x / p).rounded())
    let columns = Int((Double(image.columns) * pixel.y / p).rounded())
    return (image.resized(rows: rows, columns: columns), p)
  }
}
