/// A chemical element, hydrogen to lawrencium: the range of the form factor tables.
package struct Element: Sendable, Hashable, CustomStringConvertible {
  package let atomicNumber: Int

  package static let range = 1...103

  package init?(atomicNumber: Int) {
    guard Self.range.contains(atomicNumber) else { return nil }
    self.atomicNumber = atomicNumber
  }

  /// `Ti`, in this spelling; `D` is hydrogen to an electron.
  package init?(symbol: some StringProtocol) {
    if symbol == "D" {
      atomicNumber = 1
    } else if let index = Self.symbols.firstIndex(where: { $0 == symbol }) {
      atomicNumber = index + 1
    } else {
      return nil
    }
  }

  /// The element in an atom's type or label: `Ti4+`, `O2-`, `Fe1`, `CA2`; letters decide, longest first.
  package init?(label: some StringProtocol) {
    let letters = label.prefix { $0.isASCII && $0.isLetter }
    guard let first = letters.first else { return nil }
    let head = first.uppercased()
    if let second = letters.dropFirst().first, let element = Self(symbol: head + second.lowercased()) {
      self = element
    } else if let element = Self(symbol: head) {
      self = element
    } else {
      return nil
    }
  }

  package var symbol: String { Self.symbols[atomicNumber - 1] }
  package var description: String { symbol }

  private static let symbols = [
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Ar", "K",
    "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr", "Rb",
    "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Xe", "Cs",
    "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf",
    "Ta",
    "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th", "Pa",
    "U", "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr",
  ]
}
