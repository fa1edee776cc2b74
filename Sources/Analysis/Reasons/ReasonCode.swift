import Diffraction

/// Every reason that an engine gives: one vocabulary for verdicts, filters, alarms and the manual. The raw values
/// stand in session files.
package enum ReasonCode: String, Sendable, CaseIterable {
  // Any frame.
  case saturated = "SAT"
  case notANumber = "NAN"
  case empty = "EMTY"
  case blank = "BLNK"
  case tooSmall = "SIZE"
  case drift = "DRFT"
  case defects = "PIX"
  case cutOff = "CUT"
  // What the model knows.
  case noModel = "MODL"
  case endOfRange = "RNG"
  case outOfDomain = "OOD"
  case otherMaterial = "MAT"
  case assumedAngle = "ANGL"
  case conditions = "COND"
  // How sure the answer is.
  case thin = "THIN"
  case secondPeak = "2PK"
  case contradiction = "DIFF"
  case wide = "WIDE"
  case nothingFound = "NONE"
  case noDiscs = "DISC"
  case residual = "RES"
  case misfit = "FIT"
  // Scans.
  case scanShape = "SCAN"
  case incomplete = "PART"
  case unusablePositions = "MASK"
  case fewSpots = "FEW"
  case bent = "BENT"
  case missingSpots = "SUB"
  case noSuchSpot = "SPOT"
  // Atoms from projections.
  case tilts = "TILT"
  case projections = "PROJ"
  case masses = "MASS"
  case notConverged = "CONV"
  case restarts = "RUNS"
  case undetermined = "FREE"
  case offRows = "ROWS"
  // Series of zones.
  case noSeries = "ZONE"
  case noStructure = "CIF"
  case cell = "CELL"
  case tooFew = "DATA"
  case hand = "HAND"
  case oddFrames = "ODD"
  case shortInterval = "NODE"
  case spread = "THCK"
  case steps = "STEP"
  case lostCrystal = "LOST"
  case scaleJump = "JUMP"
  case scaleDrift = "SCAL"
  // The program.
  case noResult = "NUM"
  case failed = "FAIL"
  case died = "DIED"

  /// Words of earlier sessions for what has another code now.
  private static let earlier: [String: ReasonCode] = ["RNGE": .endOfRange, "SMAL": .tooSmall]

  /// By the code of a session of any age; nil for one that no engine of today gives.
  package init?(code: String) {
    guard let known = ReasonCode(rawValue: code) ?? Self.earlier[code] else { return nil }
    self = known
  }

  /// Today's word for a code of a session of any age.
  package static func current(_ code: String) -> String { earlier[code]?.rawValue ?? code }

  /// What it makes of an answer where nothing else is said.
  package var severity: Severity {
    switch self {
    case .incomplete, .bent, .missingSpots, .noSuchSpot, .offRows, .cell, .oddFrames, .shortInterval, .spread:
      .informs
    case .saturated, .notANumber, .drift, .defects, .cutOff, .assumedAngle, .conditions, .thin, .secondPeak,
      .contradiction, .wide, .unusablePositions, .fewSpots, .masses, .restarts, .undetermined, .hand, .steps,
      .lostCrystal, .scaleJump, .scaleDrift:
      .doubtful
    case .endOfRange, .outOfDomain, .otherMaterial, .residual, .misfit, .notConverged: .outOfDomain
    case .empty, .blank, .tooSmall, .noModel, .nothingFound, .noDiscs, .scanShape, .tilts, .projections,
      .noResult, .noSeries, .noStructure, .tooFew, .failed, .died:
      .blocks
    }
  }
}

extension Reason {
  package init(_ code: ReasonCode, _ text: String) { self.init(code.rawValue, text) }
}
