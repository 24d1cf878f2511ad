#include "methods/BrokenDecks.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace weir::testing_tools {

Outcome check_deck(const SharedFolder& folder, const std::string& deck,
                   const std::vector<std::string>& settings) {
  CommandLine command;
  command.deck = folder.write("deck.yaml", deck);
  command.settings = settings;
  command.settings.push_back("run.output=" + folder / "out");
  command.check = true;
  return run_to_outcome(command, Communicator());
}

void expect_broken(const SharedFolder& folder, const Broken& broken) {
  for (const auto& outcome : {run_deck_text(folder, broken.deck, broken.settings),
                              check_deck(folder, broken.deck, broken.settings)}) {
    EXPECT_EQ(outcome.code, ExitCode::bad_input) << broken.name;
    EXPECT_NE(outcome.message.find(broken.message), std::string::npos)
        << broken.name << ": " << outcome.message;
  }
  Communicator().barrier();
  EXPECT_FALSE(std::filesystem::exists(folder / "out")) << broken.name;
}

}  // namespace weir::testing_tools
