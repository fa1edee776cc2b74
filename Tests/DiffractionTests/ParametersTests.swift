import Diffraction
import Testing

private let angle = Parameter(
  name: "convergence_mrad", title: "convergence angle", unit: "mrad", domain: .number(1...100),
  standard: .automatic)

@Test func aParameterReadsWhatAPersonTyped() throws {
  #expect(try angle.parse("20.5") == .number(20.5))
  #expect(try angle.parse("auto") == .automatic)
}

@Test func anInvalidValueIsRefusedWithTheValidRange() {
  #expect(throws: InvalidParameter("convergence_mrad: 200 is outside 1 to 100 mrad")) {
    try angle.parse("200")
  }
  #expect(throws: InvalidParameter("convergence_mrad: \"wide\" is not a number")) { try angle.parse("wide") }
}

@Test func aChoiceNamesTheOthers() {
  let map = Parameter(
    name: "map", title: "map", unit: "", domain: .choice(["grey", "fire"]), standard: .text("grey"))
  #expect(throws: InvalidParameter("map: \"red\" is none of grey, fire")) { try map.parse("red") }
}
