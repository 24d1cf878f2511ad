// A step of Ornstein-Uhlenbeck particles in the plane beside what it cannot do without, in one run on one
// core:
//
//     ratio = seconds of a step / (seconds to draw its normals + seconds to read and write its state once)
//
//     step_benchmark [particles]      one JSON object a precision; the best of several repeats
#include <cstdio>
#include <cstdlib>

#include "methods/simulate/Simulation.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/parallel/Random.hpp"
#include "weir/performance/StepTimer.hpp"

namespace weir {
namespace {

template <class T>
Real seconds_to_draw(Index particles) {
  constexpr Index at_a_time = 4096;  // in cache, as a step draws them
  const Matrix<T> noise("noise", 2, at_a_time);
  const Random random(1, Stream::langevin_noise);
  return shortest_time([&] {
    for (Index first = 0; first < particles; first += at_a_time) fill_normals(noise, random, first, 7);
  });
}

Real seconds_to_stream(const Vector<Real>& x) {
  return shortest_time([&] {
    Kokkos::parallel_for(
        "stream", Range(0, Index(x.extent(0))), KOKKOS_LAMBDA(Index i) { x(i) = 0.999 * x(i) + 1e-3; });
    Kokkos::fence();
  });
}

Real seconds_of_step(Index particles, const char* precision) {
  SimulateOptions options;
  options.initial.particles = particles;
  options.initial.dimension = 2;
  PotentialOptions potential;
  QuadraticOptions quadratic;
  quadratic.stiffness = Real(2);
  potential.term = quadratic;
  options.energy.potential = {potential};
  options.energy.entropy.coefficient = 0.1;
  options.time.end = 100;
  RunOptions run;
  run.precision = precision;
  Simulation simulation(options, Communicator(MPI_COMM_SELF), run);
  return shortest_step(simulation.stage());
}

}  // namespace
}  // namespace weir

int main(int argc, char** argv) {
  using namespace weir;
  const Index particles = argc > 1 ? std::atoll(argv[1]) : 1000000;
  int words = 1;
  const Libraries libraries(words, argv, {});
  for (const char* precision : {"double", "single"}) {
    const bool single = precision[0] == 's';
    const Real draw = single ? seconds_to_draw<float>(particles) : seconds_to_draw<double>(particles);
    const Real stream = seconds_to_stream(Vector<Real>("state", 2 * particles));
    const Real step = seconds_of_step(particles, precision);
    std::printf(
        "{\"particles\": %lld, \"precision\": \"%s\", \"draw\": %.4g, \"stream\": %.4g, \"step\": %.4g, "
        "\"ratio\": %.3f}\n",
        static_cast<long long>(particles), precision, draw, stream, step, step / (draw + stream));
  }
}
