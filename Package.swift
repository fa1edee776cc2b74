// swift-tools-version: 6.1
import PackageDescription

// A C library is a module.modulemap and a shim.h, nothing else.
let libraries: [Target] = [
  .systemLibrary(name: "CNcurses", providers: [.apt(["libncurses-dev"])]),
  .systemLibrary(name: "CTIFF", pkgConfig: "libtiff-4", providers: [.apt(["libtiff-dev"])]),
  .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
  .systemLibrary(name: "CLinux"),
  .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
]

let package = Package(
  name: "ewald",
  products: [
    .executable(name: "ewald", targets: ["ewald"])
  ],
  targets: libraries + [
    .target(name: "Arrays"),
    .target(name: "Diffraction", dependencies: ["Arrays"]),
    .target(name: "FrameFiles", dependencies: ["Arrays", "Diffraction", "CTIFF", "CHDF5", "CPNG", "CLinux"]),
    .target(name: "LiveSession", dependencies: ["Diffraction", "FrameFiles"]),
    .target(name: "TerminalUI", dependencies: ["CNcurses"]),
    .executableTarget(
      name: "ewald", dependencies: ["Diffraction", "FrameFiles", "LiveSession", "TerminalUI"]),
    .executableTarget(
      name: "Benchmarks", dependencies: ["Diffraction", "FrameFiles", "LiveSession", "TerminalUI"],
      exclude: ["Peers"]),
    .executableTarget(name: "Fuzz", dependencies: ["Diffraction", "FrameFiles"]),
    .testTarget(name: "ArraysTests", dependencies: ["Arrays"]),
    .testTarget(name: "DiffractionTests", dependencies: ["Diffraction"]),
    .testTarget(
      name: "FrameFilesTests", dependencies: ["Diffraction", "FrameFiles", "Fuzz"], exclude: ["Reference"]),
  ],
  swiftLanguageModes: [.v6]
)
