import Diffraction
import Foundation
import FrameScaling
import JSON
import Scattering

/// The computed references beside this file; where they come from is in their README.
enum Reference {
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Reference")

  static func bytes(_ name: String) throws -> [UInt8] {
    try Array(Data(contentsOf: folder.appending(path: name)))
  }

  static func text(_ name: String) throws -> String { String(decoding: try bytes(name), as: UTF8.self) }

  static func json(_ name: String) throws -> JSONValue { try JSONValue(try bytes(name)) }

  /// The rows of a table without its head.
  static func table(_ name: String) throws -> (head: [String], rows: [[Double]]) {
    let lines = try text(name).split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
    return (lines[0], lines.dropFirst().map { $0.map { Double($0) ?? .nan } })
  }

  static func numbers(_ value: JSONValue?) -> [Double] { (value?.items ?? []).compactMap(\.double) }

  /// The references' own scattering factors: five Gaussians in s = |g| / 2.
  static func factor(_ element: Element) -> ScatteringFactor {
    let (a, b): ([Double], [Double]) =
      element.symbol == "Si"
      ? ([0.2519, 0.6372, 1.3795, 2.5082, 1.0500], [0.3075, 2.0174, 9.6746, 29.3744, 80.4732])
      : ([0.0974, 0.2921, 0.6910, 0.6990, 0.2039], [0.2067, 1.3815, 4.6943, 12.7105, 32.4726])
    return { squared in zip(a, b).reduce(0) { $0 + $1.0 * exp(-$1.1 * squared / 4) } }
  }

  static let quartzCIF = """
    data_quartz
    _cell_length_a 4.913
    _cell_length_b 4.913
    _cell_length_c 5.405
    _cell_angle_alpha 90
    _cell_angle_beta 90
    _cell_angle_gamma 120
    loop_
    _space_group_symop_operation_xyz
    x,y,z
    -y,x-y,z+2/3
    -x+y,-x,z+1/3
    y,x,-z
    x-y,-y,-z+1/3
    -x,-x+y,-z+2/3
    loop_
    _atom_site_label
    _atom_site_type_symbol
    _atom_site_fract_x
    _atom_site_fract_y
    _atom_site_fract_z
    Si1 Si 0.4697 0 0.666666667
    O1 O 0.4135 0.2669 0.7858
    loop_
    _atom_site_aniso_label
    _atom_site_aniso_U_11
    _atom_site_aniso_U_22
    _atom_site_aniso_U_33
    _atom_site_aniso_U_12
    _atom_site_aniso_U_13
    _atom_site_aniso_U_23
    Si1 0.0066 0.0053 0.0060 0.00265 -0.00015 -0.0003
    O1 0.0156 0.0115 0.0119 0.0092 -0.0029 -0.0046

    """

  static func quartz() throws -> StructureModel {
    try StructureModel(try AsymmetricUnit(cif: Array(quartzCIF.utf8)), factor: factor)
  }

  /// 200 kV by the references' constants.
  static func wave() throws -> ElectronWave {
    let truth = try json("crot54_truth.json")
    return ElectronWave(
      wavenumber: truth["K_invA"]?.double ?? .nan, massRatio: truth["gamma"]?.double ?? .nan)
  }
}
