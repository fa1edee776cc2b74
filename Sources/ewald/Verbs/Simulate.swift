let simulateVerb = Verb(
  name: "simulate", summary: "patterns with known truth: float32 TIFFs and a cases.json",
  kinds: [simulatePACBED, simulateWedge, simulateCBLEED, simulateSPED, simulateTomography, simulateSeries])
