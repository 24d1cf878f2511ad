// What `weir --benchmark DECK` reports of a run: one JSON object.
//
//     version, compiler, processor, ranks, deck, method, seconds, steps, steps_per_second,
//     particle_steps_per_second; phases: for each its seconds (of the slowest rank) and how often, and the
//     sums over ranks of collective calls, payload bytes, pairs, flops; rates: this machine's kernels, all
//     ranks at once; share: what the run's phases reached of them
#pragma once

#include <string>

#include "weir/output/RunOutput.hpp"

namespace weir {

/// Collective. Measures the kernels' rates for a moment (in the precision of the run), writes
/// <output>/benchmark.json, and returns its text on rank 0.
std::string write_benchmark(const RunOutput& output, const std::string& deck, const std::string& method,
                            Real seconds);

/// Collective: rates of one rank while all of them work: pairs/s of a Gaussian pair force in the plane, and
/// flops/s of matrix products of the size of a tile's layer.
struct KernelRates {
  Real pairs, flops;
};
KernelRates measure_kernels(const Communicator& comm, bool single);

}  // namespace weir
