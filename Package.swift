// swift-tools-version: 6.1
import PackageDescription

// A C library is a module.modulemap and a shim.h, nothing else.
let libraries: [Target] = [
  .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
  .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
]

let package = Package(
  name: "ewald",
  products: [
    .executable(name: "ewald", targets: ["ewald"])
  ],
  targets: libraries + [
    .target(name: "Arrays"),
    .target(name: "Diffraction", dependencies: ["Arrays"]),
    .target(name: "FrameQuality", dependencies: ["Diffraction"]),
    .target(name: "FrameFiles", dependencies: ["Arrays", "Diffraction", "CTIFF"]),
    .target(
      name: "LiveSession", dependencies: ["Arrays", "Diffraction", "FrameFiles"],
      resources: [.embedInCode("Schema/ewald-session-1.schema.json")]),
    .target(name: "TerminalUI", dependencies: ["CNcurses"]),
    .executableTarget(
      name: "ewald",
      dependencies: ["Diffraction", "FrameFiles", "FrameQuality", "LiveSession", "TerminalUI"]),
    .executableTarget(
      name: "Benchmarks",
      dependencies: ["Diffraction", "FrameFiles", "FrameQuality", "LiveSession", "TerminalUI"]),

    .testTarget(name: "ArraysTests", dependencies: ["Arrays"]),
    .testTarget(name: "DiffractionTests", dependencies: ["Diffraction"]),
    .testTarget(name: "FrameQualityTests", dependencies: ["FrameQuality"]),
    .testTarget(
      name: "FrameFilesTests", dependencies: ["Arrays", "Diffraction", "FrameFiles"], exclude: ["Reference"]),
    .testTarget(
      name: "LiveSessionTests", dependencies: ["Diffraction", "FrameFiles", "FrameQuality", "LiveSession"],
      exclude: ["Reference"]),
    .testTarget(
      name: "ewaldTests",
      dependencies: ["ewald", "Diffraction", "FrameFiles", "FrameQuality", "LiveSession", "TerminalUI"],
      exclude: ["Golden"]),
    // Driven by the tests through a pseudo terminal: what a screen leaves behind when it is killed.
    .executableTarget(name: "TerminalProbe", dependencies: ["TerminalUI"], path: "Tests/TerminalProbe"),
    .testTarget(name: "TerminalUITests", dependencies: ["TerminalUI", "TerminalProbe"]),
  ],
  swiftLanguageModes: [.v6]
)
