// swift-tools-version: 6.1
import PackageDescription

// A C library is a module.modulemap and a shim.h, nothing else.
let libraries: [Target] = [
  .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
  .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
  .systemLibrary(name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"])]),
  .systemLibrary(name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"])]),
  .systemLibrary(name: "CSpglib", providers: [.apt(["libsymspg-dev"])]),
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
    .target(name: "CDiffractionKernels"),
    .target(name: "Scattering", dependencies: ["Arrays", "CDiffractionKernels", "CSpglib"]),
    .target(name: "PACBED", dependencies: ["Arrays", "CDiffractionKernels", "Scattering"]),
    .target(name: "FrameFiles", dependencies: ["Diffraction", "CTIFF"]),
    .target(name: "LiveSession", dependencies: ["Diffraction", "FrameFiles"]),
    .target(name: "TerminalUI", dependencies: ["CNcurses"]),
    .executableTarget(
      name: "ewald", dependencies: ["Diffraction", "FrameFiles", "LiveSession", "TerminalUI"]),
    .executableTarget(
      name: "Benchmarks",
      dependencies: [
        "Arrays", "Diffraction", "FrameFiles", "LiveSession", "PACBED", "Scattering", "TerminalUI",
      ], exclude: ["Peers"]),
    .testTarget(name: "ArraysTests", dependencies: ["Arrays"]),
    .testTarget(name: "DiffractionTests", dependencies: ["Diffraction"]),
    .testTarget(name: "ScatteringTests", dependencies: ["Arrays", "Scattering"]),
    .testTarget(
      name: "PACBEDTests", dependencies: ["Arrays", "CDiffractionKernels", "PACBED", "Scattering"],
      exclude: ["Reference"]),
  ],
  swiftLanguageModes: [.v6]
)
