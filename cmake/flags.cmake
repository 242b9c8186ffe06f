# outcry_flags: what every target of ours is compiled and linked with.
add_library(outcry_flags INTERFACE)
target_compile_options(outcry_flags INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Werror -Wstrict-prototypes -Wmissing-prototypes -Wvla -fno-common
  $<$<CONFIG:Release>:-fstack-protector-strong -fstack-clash-protection -fPIE>)
target_compile_definitions(outcry_flags INTERFACE _GNU_SOURCE $<$<CONFIG:Release>:_FORTIFY_SOURCE=2>)
target_link_options(outcry_flags INTERFACE
  $<$<CONFIG:Release>:-pie -Wl,-z,relro,-z,now>)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  target_compile_options(outcry_flags INTERFACE $<$<CONFIG:Release>:-fcf-protection>)
endif()

# OUTCRY_SANITIZE: address-undefined, thread or fuzzer (the presets set it).
set(OUTCRY_SANITIZE "" CACHE STRING "address-undefined, thread, fuzzer or empty")
if(OUTCRY_SANITIZE STREQUAL "address-undefined")
  set(sanitize -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
elseif(OUTCRY_SANITIZE STREQUAL "thread")
  set(sanitize -fsanitize=thread -fno-omit-frame-pointer)
elseif(OUTCRY_SANITIZE STREQUAL "fuzzer")
  set(sanitize -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
endif()
if(sanitize)
  target_compile_options(outcry_flags INTERFACE ${sanitize})
  target_link_options(outcry_flags INTERFACE ${sanitize})
endif()
