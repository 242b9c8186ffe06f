# Ten seconds of one libFuzzer program on a fresh copy of its seeds: cmake -Dprogram= -Dcorpus= -Dcopy= -P smoke.cmake
file(REMOVE_RECURSE ${copy})
file(MAKE_DIRECTORY ${copy})
file(GLOB seeds ${corpus}/*)
file(COPY ${seeds} DESTINATION ${copy})
execute_process(COMMAND ${program} -max_total_time=10 -seed=1 -timeout=10 -print_final_stats=1 ${copy}
  WORKING_DIRECTORY ${copy}/.. RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${program} failed: ${result}")
endif()
