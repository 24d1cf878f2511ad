// weir DECK [options]: start the libraries, read the command line, run.
#include <mpi.h>

#include <cstdio>

#include "weir/base/Error.hpp"
#include "weir/base/Libraries.hpp"
#include "weir/base/StopSignals.hpp"
#include "weir/methods/Run.hpp"

int main(int argc, char** argv) {
  weir::CommandLine command;
  try {
    command = weir::parse_command_line(argc, argv);
  } catch (const weir::InputError& error) {
    // Every rank has the same words; one speaks.
    MPI_Init(&argc, &argv);
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    if (rank == 0) std::fprintf(stderr, "weir: %s\n", error.what());
    MPI_Finalize();
    return int(weir::ExitCode::bad_input);
  }
  const weir::StopSignals signals;
  int words = 1;  // the libraries get their options from the command line's own part, not from argv
  const weir::Libraries libraries(words, argv, command.petsc_options);
  return weir::run(command, weir::Communicator());
}
