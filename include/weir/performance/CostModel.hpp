// What a part of a run (a step, an iteration, all couplings) costs on any number of ranks: counted, not run.
//
//     seconds(P) = max(pairs of the busiest rank, broadcasts) + particles of the busiest rank + serial +
//     other messages; a collective of b bytes: latency ceil(log2 P) + b / bandwidth, and nothing for P = 1
//
// Counts are those of Counters.hpp, phase by phase, from the partitions that would be dealt to P ranks.
// Metrics, snapshots and checkpoints are not part of it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "weir/base/Types.hpp"
#include "weir/parallel/Communicator.hpp"

namespace weir {

constexpr Index real_size = Index(sizeof(Real));  ///< bytes

/// Collective operations.
struct Traffic {
  Index calls = 0;   ///< of each rank
  Real bytes = 0;    ///< payload that all ranks together contribute, in the mean
  Real passing = 0;  ///< of these, what passes a rank's link
  Traffic& operator+=(const Traffic& more) {
    calls += more.calls;
    bytes += more.bytes;
    passing += more.passing;
    return *this;
  }
};
inline Traffic operator*(Index times, const Traffic& once) {
  return {times * once.calls, Real(times) * once.bytes, Real(times) * once.passing};
}

/// `bytes` from every rank, combined on their way.
Traffic reduction(Index ranks, Index bytes);
/// `bytes` in all, spread over ranks, to everybody.
Traffic gathering(Index bytes);
/// An ExactSum of `length` components: its bound and, on more than one rank, its limbs.
Traffic exact_sum(Index ranks, Index length, Index limbs = 3);
/// TrainedParameters: gradients to the parameters' owners, in the mean over iterations with tiles[i] tiles of
/// all ranks together.
Traffic gradient_sum(Index ranks, Index parameters, bool single, const std::vector<Index>& tiles);
/// And parameters to everybody; with scalars in double.
Traffic gathering_parameters(Index parameters, bool single, bool scalars = false);

struct Cost {
  std::map<std::string, Traffic> traffic;  ///< by phase, once; without the broadcasts
  Traffic broadcasts;                      ///< of pair sums, in phase "velocity": under way beside the pairs
  Real pairs = 0;                          ///< of all ranks
  Real flops = 0, moves = 0;  ///< of all ranks, where the model counts them: of networks; particles moved
  Real memory = 0;            ///< bytes that the busiest rank takes, beside the program itself
  /// Seconds of the busiest rank, and what they would be if all were dealt evenly.
  Real pair_seconds = 0, other_seconds = 0, even_seconds = 0;
  Real serial_seconds = 0;  ///< work that every rank does whole
  Index tiles = 0;          ///< units that can be dealt to ranks
};

class CostModel {
 public:
  virtual ~CostModel() = default;
  /// Collective: finds the times, while all ranks work. Without it they are 0.
  virtual void measure(const Communicator& comm) = 0;
  /// Not collective.
  virtual Cost at(int ranks) const = 0;
};

/// A part of a run that has a cost of its own: "step", "coupling", ..
struct CostedPart {
  std::string name;
  std::unique_ptr<CostModel> model;
};

}  // namespace weir
