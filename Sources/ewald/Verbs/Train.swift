let trainVerb = Verb(
  name: "train", summary: "models for other materials: a folder with weights and a manifest",
  kinds: [trainPACBED, trainCBLEED, trainAtoms])
