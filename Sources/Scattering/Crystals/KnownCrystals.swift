/// Crystals that are known by name, as the CIF files of Samples/crystals: the text of each file, read when
/// it is asked for.
extension Crystal {
  package static let knownNames = [
    "rutile", "strontium-titanate", "beryl", "silicon", "gallium-arsenide", "magnesium-oxide", "quartz",
  ]

  /// The crystal of that name; the error lists the names.
  package init(known name: String) throws(ScatteringError) {
    guard let text = Self.knownText(name) else {
      throw .parameter("no crystal is called \"\(name)\"; known: \(Self.knownNames.joined(separator: ", "))")
    }
    try self.init(cif: text, name: name)
  }

  /// The CIF text of a known crystal.
  package static func knownText(_ name: String) -> String? {
    switch name {
    case "rutile": rutileText
    case "strontium-titanate": strontiumTitanateText
    case "beryl": berylText
    case "silicon": siliconText
    case "gallium-arsenide": galliumArsenideText
    case "magnesium-oxide": magnesiumOxideText
    case "quartz": quartzText
    default: nil
    }
  }
}

private let rutileText = """
  # Rutile TiO2 at room temperature.
  # S. C. Abrahams and J. L. Bernstein, J. Chem. Phys. 55 (1971) 3206: cell and the oxygen coordinate.
  data_rutile
  _chemical_name_mineral  rutile
  _chemical_formula_sum   'O2 Ti'
  _cell_length_a     4.5937
  _cell_length_b     4.5937
  _cell_length_c     2.9587
  _cell_angle_alpha  90
  _cell_angle_beta   90
  _cell_angle_gamma  90
  _space_group_name_H-M_alt  'P 42/m n m'
  _space_group_IT_number     136
  loop_
  _atom_site_label
  _atom_site_type_symbol
  _atom_site_fract_x
  _atom_site_fract_y
  _atom_site_fract_z
  Ti1 Ti4+ 0       0       0
  O1  O2-  0.30479 0.30479 0

  """

private let strontiumTitanateText = """
  # Strontium titanate SrTiO3 at room temperature, cubic perovskite.
  # Cell: JCPDS-ICDD powder diffraction file 35-734; every atom is on a special position.
  data_strontium_titanate
  _chemical_name_common   'strontium titanate'
  _chemical_formula_sum   'O3 Sr Ti'
  _cell_length_a     3.905
  _cell_length_b     3.905
  _cell_length_c     3.905
  _cell_angle_alpha  90
  _cell_angle_beta   90
  _cell_angle_gamma  90
  _space_group_name_H-M_alt  'P m -3 m'
  _space_group_IT_number     221
  loop_
  _atom_site_label
  _atom_site_type_symbol
  _atom_site_fract_x
  _atom_site_fract_y
  _atom_site_fract_z
  Sr1 Sr2+ 0   0   0
  Ti1 Ti4+ 0.5 0.5 0.5
  O1  O2-  0.5 0.5 0

  """

private let berylText = """
  # Beryl Be3Al2Si6O18 at room temperature.
  # B. Morosin, Acta Cryst. B 28 (1972) 1899: cell and coordinates.
  data_beryl
  _chemical_name_mineral  beryl
  _chemical_formula_sum   'Al2 Be3 O18 Si6'
  _cell_length_a     9.218
  _cell_length_b     9.218
  _cell_length_c     9.197
  _cell_angle_alpha  90
  _cell_angle_beta   90
  _cell_angle_gamma  120
  _space_group_name_H-M_alt  'P 6/m c c'
  _space_group_IT_number     192
  loop_
  _atom_site_label
  _atom_site_type_symbol
  _atom_site_fract_x
  _atom_site_fract_y
  _atom_site_fract_z
  Be1 Be2+ 0.5    0      0.25
  Al1 Al3+ 0.6667 0.3333 0.25
  Si1 Si4+ 0.3875 0.1158 0
  O1  O2-  0.3100 0.2366 0
  O2  O2-  0.4985 0.1455 0.1453

  """

private let siliconText = """
  # Silicon at room temperature, diamond structure.
  # Cell: the lattice parameter recommended by CODATA, 543.1020511 pm at 22.5 degrees Celsius.
  # Displacements: P. J. E. Aldred and M. Hart, Proc. R. Soc. Lond. A 332 (1973) 223.
  data_silicon
  _chemical_name_common   silicon
  _chemical_formula_sum   Si
  _cell_length_a     5.431020511
  _cell_length_b     5.431020511
  _cell_length_c     5.431020511
  _cell_angle_alpha  90
  _cell_angle_beta   90
  _cell_angle_gamma  90
  _space_group_name_H-M_alt  'F d -3 m :1'
  _space_group_IT_number     227
  loop_
  _atom_site_label
  _atom_site_type_symbol
  _atom_site_fract_x
  _atom_site_fract_y
  _atom_site_fract_z
  _atom_site_B_iso_or_equiv
  Si1 Si 0 0 0 0.4613

  """

private let galliumArsenideText = """
  # Gallium arsenide at 300 K, zincblende structure.
  # Cell: J. S. Blakemore, J. Appl. Phys. 53 (1982) R123.
  data_gallium_arsenide
  _chemical_name_common   'gallium arsenide'
  _chemical_formula_sum   'As Ga'
  _cell_length_a     5.65325
  _cell_length_b     5.65325
  _cell_length_c     5.65325
  _cell_angle_alpha  90
  _cell_angle_beta   90
  _cell_angle_gamma  90
  _space_group_name_H-M_alt  'F -4 3 m'
  _space_group_IT_number     216
  loop_
  _atom_site_label
  _atom_site_type_symbol
  _atom_site_fract_x
  _atom_site_fract_y
  _atom_site_fract_z
  Ga1 Ga 0    0    0
  As1 As 0.25 0.25 0.25

  """

private let magnesiumOxideText = """
  # Magnesium oxide (periclase) at room temperature, rock salt structure.
  # Cell: JCPDS-ICDD powder diffraction file 45-946.
  data_magnesium_oxide
  _chemical_name_common   'magnesium oxide'
  _chemical_formula_sum   'Mg O'
  _cell_length_a     4.2112
  _cell_length_b     4.2112
  _cell_length_c     4.2112
  _cell_angle_alpha  90
  _cell_angle_beta   90
  _cell_angle_gamma  90
  _space_group_name_H-M_alt  'F m -3 m'
  _space_group_IT_number     225
  loop_
  _atom_site_label
  _atom_site_type_symbol
  _atom_site_fract_x
  _atom_site_fract_y
  _atom_site_fract_z
  Mg1 Mg2+ 0   0   0
  O1  O2-  0.5 0.5 0.5

  """

private let quartzText = """
  # Low quartz SiO2 at room temperature and pressure.
  # L. Levien, C. T. Prewitt and D. J. Weidner, Am. Mineral. 65 (1980) 920; the origin is moved by c/3 to
  # that of the International Tables.
  data_quartz
  _chemical_name_mineral  quartz
  _chemical_formula_sum   'O2 Si'
  _cell_length_a     4.916
  _cell_length_b     4.916
  _cell_length_c     5.4054
  _cell_angle_alpha  90
  _cell_angle_beta   90
  _cell_angle_gamma  120
  _space_group_name_H-M_alt  'P 32 2 1'
  _space_group_IT_number     154
  loop_
  _atom_site_label
  _atom_site_type_symbol
  _atom_site_fract_x
  _atom_site_fract_y
  _atom_site_fract_z
  Si1 Si4+ 0.4697 0      0.6667
  O1  O2-  0.4135 0.2669 0.7858

  """
