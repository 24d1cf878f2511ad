// Uses an installed Weir as a program of someone else's would: a sum over ranks by itself, then a whole run.
#include <cstdio>
#include <weir/base/Configuration.hpp>
#include <weir/base/Libraries.hpp>
#include <weir/methods/Run.hpp>
#include <weir/parallel/ExactSum.hpp>

int main(int argc, char** argv) {
  const weir::CommandLine command = weir::parse_command_line(argc, argv);
  int words = 1;
  const weir::Libraries libraries(words, argv, command.petsc_options);
  const weir::Communicator comm;

  const weir::Real summands[] = {1e16, 1, -1e16};
  weir::ExactSum sum(comm, 1);
  const weir::Real total = sum(summands, 3, "summands");
  if (total != weir::Real(comm.size()))
    return std::printf("the sum is %g, not %d\n", total, comm.size()), int(weir::ExitCode::failed);

  std::printf("Weir %s\n", WEIR_VERSION);
  return weir::run(command, comm);
}
