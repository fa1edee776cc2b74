import Diffraction
import Foundation
import FrameFormats
import Scattering
import Testing

@Suite struct PETSTests {
  /// A small file with what real ones hold; `changes` are applied to its text.
  static let small = """
    data_pets
    # a comment
    _cell_length_a 4.913(2)
    _cell_length_b 4.913
    _cell_length_c 5.405
    _cell_angle_alpha 90
    _cell_angle_beta 90
    _cell_angle_gamma 120
    _diffrn_radiation_wavelength 0.0251
    _diffrn_orient_matrix_UB_11 0.2035
    _diffrn_orient_matrix_UB_12 0
    _diffrn_orient_matrix_UB_13 0
    _diffrn_orient_matrix_UB_21 0.1175
    _diffrn_orient_matrix_UB_22 0.235
    _diffrn_orient_matrix_UB_23 0
    _diffrn_orient_matrix_UB_31 0
    _diffrn_orient_matrix_UB_32 0
    _diffrn_orient_matrix_UB_33 0.185
    _diffrn_measurement_details
    ;
    data collection geometry: continuous rotation
    dstarmax:  1.400
    rotation axis position:    0.484
    ;

    # another
    loop_
    _diffrn_zone_axis_id
    _diffrn_zone_axis_u
    _diffrn_zone_axis_v
    _diffrn_zone_axis_w
    _diffrn_zone_axis_precession_angle
    _diffrn_zone_axis_alpha
    _diffrn_zone_axis_beta
    _diffrn_zone_axis_omega
    _diffrn_zone_axis_scale
    7 0 0 1 1.0 -3.5 0.1 0.2 0.9
    9 0 0 1 1.0 -2.5 0.1 0.2 1.1
    # and more
    loop_
    _refln_index_h
    _refln_index_k
    _refln_index_l
    _refln_intensity_meas
    _refln_intensity_sigma
    _refln_zone_axis_id
      1 0 0   120.5  3.1  7
      1 0 0   120.5  3.1  9
     -2 1 3   -4.25  2.0  9

    """

  static func read(_ text: String, name: String = "x.cif_pets") throws -> (ZoneSeries, FileSummary) {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: name).path
    try Data(text.utf8).write(to: URL(filePath: path))
    let source = try FormatList.open(path: path)
    let series = try #require(ZoneSeries(try source.frame(at: 0).pixels))
    return (series, source.summary)
  }

  @Test func whatTheFileStates() throws {
    let (series, summary) = try Self.read(Self.small)
    #expect(series.lengths == [4.913, 4.913, 5.405])
    #expect(series.angles == [90, 90, 120])
    #expect(series.wavelength == 0.0251)
    #expect(series.geometry == .rotation)
    #expect(series.axisPosition == 0.484)
    #expect(series.resolution == 1.4)
    #expect(series.orientation == [0.2035, 0, 0, 0.1175, 0.235, 0, 0, 0, 0.185])
    #expect(series.zones.map(\.id) == [7, 9])
    #expect(series.zones.map(\.alpha) == [-3.5, -2.5])
    #expect(series.zones.map(\.scale) == [0.9, 1.1])
    #expect(series.reflections.map(\.intensity) == [120.5, 120.5, -4.25])
    #expect(series.reflections.map(\.zone) == [0, 1, 1])
    #expect(series.reflections[2].index == [-2, 1, 3])
    #expect(summary.format == "PETS")
    #expect(summary.warnings.isEmpty)
  }

  @Test func lineEndsTabsAndTheOrderOfColumnsDoNotMatter() throws {
    let (plain, _) = try Self.read(Self.small)
    let (windows, _) = try Self.read(Self.small.replacing("\n", with: "\r\n"))
    let (tabs, _) = try Self.read(Self.small.replacing("  ", with: "\t"))
    var text = Self.small.replacing(
      "_refln_intensity_meas\n_refln_intensity_sigma\n",
      with: "_refln_intensity_sigma\n_refln_intensity_meas\n")
    text = text.replacing("120.5  3.1", with: "3.1 120.5").replacing("-4.25  2.0", with: "2.0 -4.25")
    let (turned, _) = try Self.read(text)
    let (renamed, _) = try Self.read(Self.small, name: "renamed.txt")
    for other in [windows, tabs, turned, renamed] {
      #expect(
        other.pixels.doubles().elementsEqual(plain.pixels.doubles()) { $0 == $1 || ($0.isNaN && $1.isNaN) })
    }
  }

  @Test func whatIsMissingIsSaid() throws {
    let text = Self.small.replacing("120.5  3.1  7", with: "120.5  ?  7").replacing(
      "1 1.0 -2.5 0.1 0.2 1.1", with: "1 1.0 -2.5 0.1 0.2 .")
    let (series, summary) = try Self.read(text)
    #expect(series.reflections[0].sigma.isNaN)
    #expect(series.zones[1].scale.isNaN)
    #expect(summary.warnings.count == 2)
    let (_, silent) = try Self.read(
      Self.small.replacing("data collection geometry: continuous rotation", with: ""))
    #expect(silent.warnings.count == 1)
  }

  @Test func aRowThatIsStillWrittenIsLeftOut() throws {
    let cut = String(Self.small.dropLast(16))
    let (series, summary) = try Self.read(cut)
    #expect(series.reflections.count == 2)
    #expect(summary.warnings.count == 1)
  }

  @Test(arguments: [
    ("_diffrn_radiation_wavelength 0.0251", "", "PETS: line 1: no _diffrn_radiation_wavelength"),
    (
      "_cell_length_a 4.913(2)", "_cell_length_a none",
      "PETS: line 3: _cell_length_a \"none\" is not a length in Å"
    ),
    ("9 0 0 1 1.0 -2.5", "7 0 0 1 1.0 -2.5", "PETS: line 38: zone 7 stands twice in the list"),
    ("2.0  9", "2.0  8", "PETS: line 49: zone 8 is not in the list of zones"),
    (" -2 1 3", " -2.5 1 3", "PETS: line 49: _refln_index_h \"-2.5\" is no whole number up to 500"),
    ("120.5  3.1  9", "many  3.1  9", "PETS: line 48: _refln_intensity_meas \"many\" is no number"),
    (
      "_diffrn_zone_axis_id\n", "_diffrn_zone_axis_name\n",
      "PETS: no list of zones (_diffrn_zone_axis_id): a file for a kinematical refinement, where frames are merged"
    ),
    ("7 0 0 1 1.0 -3.5", "7 0 0 1 1.0 ?", "PETS: line 37: zone 7 has no _diffrn_zone_axis_alpha"),
  ])
  func errorsSayWhatAndWhere(_ from: String, _ to: String, _ line: String) {
    #expect {
      try Self.read(Self.small.replacing(from, with: to))
    } throws: { error in
      "\(error)" == line
    }
  }

  @Test(arguments: ["crot54_dyn", "pedt250_dyn"])
  func theReferencesAreRead(_ name: String) throws {
    let (series, summary) = try Self.read(try Reference.text("\(name).cif_pets"))
    #expect(series.zones.count == (name == "crot54_dyn" ? 54 : 250))
    #expect(series.reflections.count == (name == "crot54_dyn" ? 637 : 2266))
    #expect(series.geometry == (name == "crot54_dyn" ? .rotation : .precession))
    #expect(summary.beam.voltageKilovolts?.value == 200)
  }

  @Test func aSeriesSurvivesItsFrame() throws {
    let (series, _) = try Self.read(try Reference.text("crot54_dyn.cif_pets"))
    #expect(ZoneSeries(series.pixels) == series)
    #expect(ZoneSeries(Pixels(width: 9, height: 3, values: [Double](repeating: 0, count: 27))) == nil)
    #expect(ZoneSeries(Pixels(width: 9, height: 3, values: [Float](repeating: 0, count: 27))) == nil)
  }
}
