// swift-tools-version: 6.1
import PackageDescription

// A C library is a module.modulemap and a shim.h, nothing else.
let libraries: [Target] = [
  .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
  .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
  .systemLibrary(name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"])]),
  .systemLibrary(name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"])]),
  // libsvm has no pkg-config file.
  .systemLibrary(name: "CLibSVM", providers: [.apt(["libsvm-dev"])]),
  .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
]

let package = Package(
  name: "ewald",
  products: [
    .executable(name: "ewald", targets: ["ewald"])
  ],
  targets: libraries + [
    .target(name: "Arrays", dependencies: ["COpenBLAS", "CLAPACKE", "CFFTW"]),
    .target(name: "Diffraction", dependencies: ["Arrays"]),
    .target(name: "FrameQuality", dependencies: ["Diffraction"]),
    .target(name: "FrameFiles", dependencies: ["Arrays", "Diffraction", "CTIFF"]),
    .target(name: "LiveSession", dependencies: ["Arrays", "Diffraction", "FrameFiles"]),
    // Inner loops in C, compiled for several instruction sets: SwiftPM has no setting for one.
    .target(name: "CVectorLoops"),
    .target(name: "Imaging", dependencies: ["Arrays", "CVectorLoops"]),
    .target(name: "Learning", dependencies: ["Arrays", "CLibSVM"]),
    .target(name: "CBLEED", dependencies: ["Arrays", "Learning"]),
    .target(name: "TerminalUI", dependencies: ["CNcurses"]),
    .executableTarget(
      name: "ewald",
      dependencies: ["Diffraction", "FrameFiles", "FrameQuality", "LiveSession", "TerminalUI"]),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Arrays", "CBLEED", "Diffraction", "FrameFiles", "FrameQuality", "Imaging", "LiveSession",
        "TerminalUI",
      ],
      exclude: ["Peers"]),

    .testTarget(name: "ArraysTests", dependencies: ["Arrays"]),
    .testTarget(
      name: "ImagingTests", dependencies: ["Imaging", "CTIFF"], exclude: ["Reference"]),
    .testTarget(
      name: "LearningTests", dependencies: ["Arrays", "Learning"], resources: [.copy("Reference")]),
    .testTarget(name: "DiffractionTests", dependencies: ["Diffraction"]),
    .testTarget(name: "FrameQualityTests", dependencies: ["FrameQuality"]),
    .testTarget(
      name: "FrameFilesTests", dependencies: ["Arrays", "Diffraction", "FrameFiles"], exclude: ["Reference"]),
    .testTarget(name: "CBLEEDTests", dependencies: ["Arrays", "CBLEED"], exclude: ["Reference"]),
    .testTarget(name: "LiveSessionTests", dependencies: ["LiveSession"]),
    .testTarget(name: "TerminalUITests", dependencies: ["TerminalUI"]),
  ],
  swiftLanguageModes: [.v6]
)
