import Analysis
import Arrays
import Diffraction
import Glibc
import Scattering

/// The study as files that other programs read.
extension ScalingReport {
  func artifacts() -> [Artifact] {
    func file(_ role: String, _ name: String, _ text: String) -> Artifact {
      Artifact(role: role, file: name, content: .bytes(Array(text.utf8)))
    }
    let spline = best.curve.spline
    return [
      file("structure", "refined.cif", cif), file("frames", "frames.csv", frameList),
      file("spacings", "spacings.csv", spacingList),
      file("weights", "weights.csv", spline.csv(abscissa: usesTilt ? "alpha" : "frame")),
      file(
        "constraints", "constraints.txt",
        "# The spelling is an assumption: the words that the target program accepts are not documented publicly;\n"
          + "# constraint_line and constraint_term change it.\n" + spline.constraints(template)),
    ]
  }

  private var frameList: String {
    var text =
      "zone,alpha,reflections,observed,r_percent,r_observed_percent,scale,scale_su,scale_alone,off_percent,"
      + "mistilt_x_deg,mistilt_y_deg,odd\n"
    for frame in frames {
      let numbers = [
        frame.zone.alpha, Double(frame.rows), Double(frame.observed), frame.r, frame.rObserved, frame.scale,
        frame.deviation, frame.free, 100 * frame.off, frame.turn.x, frame.turn.y,
      ].map { "\($0.told)" }
      text += "\(frame.zone.id),\(numbers.joined(separator: ",")),\(frame.isOdd)\n"
    }
    return text
  }

  private var spacingList: String {
    var text =
      "spacing,nodes,parameters,r_observed,r_all,wr_all,left_out_r_observed,left_out_wr_all,thickness,"
      + "smallest_weight,condition,recommended\n"
    for (place, row) in study.rows.enumerated() {
      let agreement = row.solution.agreement
      let numbers = [
        row.placement.spacing, Double(row.placement.nodes.count), Double(row.parameters), agreement.rObserved,
        agreement.rAll, agreement.wrAll, row.leftOut.rObserved, row.leftOut.wrAll, row.solution.thickness,
        row.curve.spline.smallestWeight, row.curve.spline.condition,
      ].map { "\($0.told)" }
      text += "\(numbers.joined(separator: ",")),\(place == study.recommended)\n"
    }
    return text
  }

  // MARK: The refined structure

  private var cif: String {
    let model = study.problem.structure
    let unit = model.unit
    let (values, deviations) = (best.solution.values, best.uncertainties.cautious)
    // The inverse structure has its atoms at -x and its operations' translations reversed.
    let sign = study.problem.hand == .given ? 1.0 : -1.0
    var text = "data_refined\n_audit_creation_method 'ewald, engine frame-scaling'\n"
    for (name, value) in zip(["a", "b", "c"], [series.lengths.x, series.lengths.y, series.lengths.z]) {
      text += "_cell_length_\(name) \(value)\n"
    }
    for (name, value) in zip(
      ["alpha", "beta", "gamma"], [series.angles.x, series.angles.y, series.angles.z])
    {
      text += "_cell_angle_\(name) \(value)\n"
    }
    text += "_diffrn_radiation_probe electron\n_diffrn_radiation_wavelength \(series.wavelength)\n"
    text += "_refine_ls_R_factor_gt \(fixed(best.solution.agreement.rObserved / 100, 4))\n"
    text += "_refine_ls_R_factor_all \(fixed(best.solution.agreement.rAll / 100, 4))\n"
    text += "_refine_ls_wR_factor_all \(fixed(best.solution.agreement.wrAll / 100, 4))\n"
    text += "_refine_ls_number_reflns \(best.solution.agreement.rows)\n"
    text += "_refine_ls_number_parameters \(best.parameters)\n"
    text += "loop_\n_space_group_symop_operation_xyz\n"
    for operation in unit.operations { text += "'\(operation.words(translationSign: sign))'\n" }
    text += "loop_\n_atom_site_label\n_atom_site_type_symbol\n_atom_site_fract_x\n_atom_site_fract_y\n"
    text += "_atom_site_fract_z\n_atom_site_occupancy\n_atom_site_adp_type\n_atom_site_U_iso_or_equiv\n"
    for (place, atom) in model.atoms.enumerated() {
      let position = model.position(of: place, values) * sign
      let errors = model.deviations(of: place, .coordinate, deviations)
      let numbers = (0..<3).map { Self.number(position[$0], errors[$0]) }.joined(separator: " ")
      let tensor = DisplacementTensor(model.displacements(of: place, values)).cartesian(cell: unit.cell)
      let mean = (tensor[0, 0] + tensor[1, 1] + tensor[2, 2]) / 3
      text += "\(atom.label) \(atom.element.symbol) \(numbers) \(atom.occupancy) "
      text += "\(atom.isAnisotropic ? "Uani" : "Uiso") \(fixed(mean, 5))\n"
    }
    let anisotropic = model.atoms.indices.filter { model.atoms[$0].isAnisotropic }
    if !anisotropic.isEmpty {
      text += "loop_\n_atom_site_aniso_label\n"
      for name in ["11", "22", "33", "12", "13", "23"] { text += "_atom_site_aniso_U_\(name)\n" }
      for place in anisotropic {
        let tensor = model.displacements(of: place, values)
        let errors = model.deviations(of: place, .displacement, deviations)
        let numbers = (0..<6).map { Self.number(tensor[$0], errors[$0]) }.joined(separator: " ")
        text += "\(model.atoms[place].label) \(numbers)\n"
      }
    }
    return text
  }

  /// `0.47119(25)`: two digits of the standard uncertainty, or one where the first is large.
  static func number(_ value: Double, _ deviation: Double) -> String {
    guard deviation.isFinite, deviation > 1e-9, deviation < 1 else { return fixed(value, 6) }
    var decimals = Int(bounded: -floor(log10(deviation)))
    if deviation * pow(10, Double(decimals)) < 2 { decimals += 1 }
    let digits = Int(bounded: (deviation * pow(10, Double(decimals))).rounded())
    return "\(fixed(value, decimals))(\(digits))"
  }
}

extension StructureModel {
  /// Standard uncertainties of an atom's three coordinates or six displacements.
  func deviations(of atom: Int, _ kind: Kind, _ deviations: [Double]) -> [Double] {
    var variances = [Double](repeating: 0, count: kind == .coordinate ? 3 : 6)
    for (place, parameter) in parameters.enumerated() where parameter.atom == atom && parameter.kind == kind {
      let direction = vector(of: parameter)
      for i in variances.indices {
        variances[i] += direction[i] * direction[i] * deviations[place] * deviations[place]
      }
    }
    return variances.map { $0.squareRoot() }
  }
}

extension SymmetryOperation {
  /// As a CIF spells it: `-y,x-y,z+2/3`.
  func words(translationSign: Double = 1) -> String {
    (0..<3).map { row in
      var text = ""
      for (column, letter) in ["x", "y", "z"].enumerated() {
        let factor = rotation[row, column]
        guard factor != 0 else { continue }
        text += factor < 0 ? "-" : text.isEmpty ? "" : "+"
        if factor.magnitude != 1 { text += SplineWeights.name(factor.magnitude) + "*" }
        text += letter
      }
      var shift = translationSign * translation[row]
      shift -= shift.rounded(.down)
      let parts = [2.0, 3, 4, 6].first { ((shift * $0) - (shift * $0).rounded()).magnitude < 1e-4 }
      guard shift > 1e-6, shift < 1 - 1e-6 else { return text }
      if let parts {
        return text + "+\(Int(bounded: (shift * parts).rounded()))/\(Int(bounded: parts))"
      }
      return text + "+\(shift)"
    }.joined(separator: ",")
  }
}
