import Arrays
import Foundation

/// Latent vectors, targets and the predictions of other libraries (see `Reference/regressors` and
/// `Reference/embeddings`, and the README there).
enum RegressionReference {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Reference")

  static let training = (features: table("regressors/X_train"), targets: table("regressors/y_train"))
  static let test = (features: table("regressors/X_test"), targets: table("regressors/y_test"))
  static let latent = table("embeddings/latent")

  /// A comma-separated table under one line of names.
  static func table(_ name: String) -> DoubleMatrix {
    guard let text = try? String(contentsOf: folder.appendingPathComponent("\(name).csv"), encoding: .utf8)
    else { preconditionFailure("no reference \(name)") }
    let lines = text.split(whereSeparator: \.isNewline).dropFirst()
    let values = lines.map { $0.split(separator: ",").compactMap { Double($0) } }
    return DoubleMatrix(rows: lines.count, columns: values.first?.count ?? 0, values: values.flatMap { $0 })
  }

  /// The numbers under a path of names in metrics.json.
  static func metric(_ path: String...) -> Double {
    guard let data = try? Data(contentsOf: folder.appendingPathComponent("regressors/metrics.json")),
      var node = try? JSONSerialization.jsonObject(with: data) as? [String: Any]
    else { preconditionFailure("metrics.json can be read") }
    for name in path.dropLast() { node = node[name] as? [String: Any] ?? [:] }
    return (node[path.last ?? ""] as? NSNumber)?.doubleValue ?? .nan
  }

  static let targetNames = ["E_eV", "b_A", "dL_A"]
}

func largestDifference(_ a: DoubleMatrix, _ b: DoubleMatrix) -> Double {
  precondition(a.rows == b.rows && a.columns == b.columns)
  return zip(a.values, b.values).map { abs($0 - $1) }.max() ?? 0
}
