extension ReasonCode {
  /// For the operator: what it means and what to do. The manual says the same.
  package var explanation: String {
    switch self {
    case .saturated:
      "Pixels are as bright as the camera can count, so intensities are cut off. Shorten the exposure."
    case .notANumber:
      "Pixels hold no number. Look at the camera's correction and at how the file was exported."
    case .empty: "Every pixel is the same. Was the shutter closed, the screen up, the camera read out?"
    case .blank: "Nothing rises above the background. Was the beam blanked or beside the camera?"
    case .tooSmall: "The pattern has too few pixels, or is too narrow, to be read. Bin less."
    case .drift: "The beam moved since the frame before by more than the limit. Let the stage settle."
    case .defects: "Hot and dead pixels. Take a new gain and dark reference."
    case .cutOff:
      "Part of the pattern lies off the camera or cannot be used. Centre it or shorten the camera length."
    case .noModel:
      "No model is installed, or several are and none was chosen. Choose with --material, or train one."
    case .endOfRange: "A value lies at the end of what the model knows; the truth may lie beyond."
    case .outOfDomain:
      "Unlike anything that the model was made from. Another material, zone axis or voltage?"
    case .otherMaterial: "Another installed material matches better, or nearly as well. Check the material."
    case .assumedAngle:
      "The convergence angle is not known and one is assumed. State it with --convergence-mrad."
    case .conditions:
      "The pattern contradicts what was stated of the microscope. Check convergence angle and pixel."
    case .thin: "Below 2 nm patterns hardly differ: the thickness is only known to be small."
    case .secondPeak: "Another answer matches nearly as well. Look at both with ] in the frame view."
    case .contradiction:
      "Parts of the analysis answer differently: one of them is wrong. Look at the difference image."
    case .wide: "The answer's interval is wide. A longer exposure or a known angle narrows it."
    case .nothingFound: "Nothing stands out: no answer is likelier than another, or there are no crystals."
    case .noDiscs: "There are no discs where the surface's pattern has them. Check surface and pixel size."
    case .residual: "Much of the pattern is left over after the fit. Check surface or crystal, and energy."
    case .misfit: "No simulated pattern is like it. Check surface or crystal, zone and energy."
    case .scanShape: "The scan's shape is not known, or is not that of the frames. Give it with --scan WxH."
    case .incomplete: "Not all patterns are there yet; the rest is read as it comes."
    case .unusablePositions: "Positions of the map are not usable; they are left out of the figures."
    case .fewSpots: "A crystal rests on few spots. Check it in the segments view."
    case .bent: "A crystal's spots move within it: it is bent or twisted."
    case .missingSpots: "Spots are missing in parts of a crystal: it may be two with spots in common."
    case .noSuchSpot: "There is no spot of that number, so no dark field of it."
    case .tilts:
      "The tilts are missing, twice, or not as many as rows. Give them with --angles-deg, one a row."
    case .projections:
      "This is no set of projections: too long, too heavy, negative or empty. Check background, pixel and mass."
    case .masses:
      "The projections weigh different numbers of atoms, or no whole number. Check background and mass."
    case .notConverged:
      "No arrangement was found that explains the projections. Check tilts, r0, width and mass; try more restarts."
    case .restarts:
      "Restarts that explain the projections as well have atoms elsewhere. Take another projection."
    case .undetermined:
      "Atoms can move or change places and the projections stay the same. Take another projection."
    case .offRows: "No projection looks along the lattice's rows. Atoms are told apart better where one does."
    case .noSeries:
      "This is no series of zones. Write intensities with PETS2 for a dynamical refinement (_dyn.cif_pets)."
    case .noStructure:
      "There is no structure to refine. Put NAME.cif beside NAME.cif_pets, or give --structure."
    case .cell:
      "The orientation matrix means another cell than the file states; its rotation is kept. Check the calibration."
    case .tooFew:
      "There are fewer reflections than numbers to refine. Widen the selection, or take more zones."
    case .hand:
      "Both hands fit nearly as well, or the other one fits better. Check the structure's hand; measure more."
    case .oddFrames:
      "Frames lie far off the curve of the scales. Look at them: the crystal may have moved, or lie in a shadow."
    case .shortInterval:
      "The last interval between nodes is short, so weights swing. Merge it with --merge-short-end."
    case .spread:
      "The data ask for a spread of thickness, but not for its shape: read the thickness with its model."
    case .steps:
      "The beam's movement over a frame was followed too coarsely for so thick a crystal. Leave --steps to itself."
    case .lostCrystal:
      "The crystal left the beam, or lies in a shadow. Stop, find it again, go on from there."
    case .scaleJump:
      "The scale jumped from one zone to the next: the crystal slipped, or the beam changed. Look at the crystal."
    case .scaleDrift:
      "The scale runs away over the last zones: the crystal creeps out of the beam. Centre it before it is gone."
    case .noResult: "A result was no number and was left out: the frame is not one to analyse."
    case .failed: "The engine could not work: a model is missing, or a setting does not fit."
    case .died:
      "The process that analysed the frame died over it, twice, or stood still. Others go on; keep the file for a report."
    }
  }
}
