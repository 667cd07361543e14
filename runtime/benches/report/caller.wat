;; A guest whose root object is a closure `Fn(u64, Arc<dyn Tick>) -> Result<u64, Error>`: it calls method 0 of the second
;; argument with one integer, as often as the first says.
(module
  (import "object-membrane:guest/host@0.1.0" "[method]object.call"
    (func $call (param i32 i32 i32 i32 i32 i32 i32 i32)))
  (import "object-membrane:guest/host@0.1.0" "[resource-drop]object" (func $drop (param i32)))
  (memory (export "memory") 16)
  (global $free (mut i32) (i32.const 4096))
  (func (export "cabi_realloc") (param i32 i32) (param $align i32) (param $size i32) (result i32)
    (local $at i32)
    (local.set $at
      (i32.and
        (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get $align))))
    (global.set $free (i32.add (local.get $at) (local.get $size)))
    (local.get $at))
  (func (export "object-membrane:guest/guest@0.1.0#start") (result i32)
    (i32.store8 (i32.const 1024) (i32.const 0))
    (i64.store (i32.const 1032) (i64.const 1))
    (i64.store (i32.const 1040) (i64.const HASH))
    (i32.const 1024))
  (func (export "object-membrane:guest/guest@0.1.0#call")
    (param $id i64) (param $number i32) (param $arity i32)
    (param $nodes i32) (param $node-count i32) (param $objects i32) (param $object-count i32)
    (result i32)
    (local $left i64) (local $handle i32)
    (local.set $left (i64.load offset=8 (local.get $nodes)))
    (local.set $handle (i32.load (local.get $objects)))
    ;; The argument: one integer node, at 2048.
    (i64.store8 (i32.const 2048) (i64.const 2))
    (block $done
      (loop $again
        (br_if $done (i64.eqz (local.get $left)))
        (i64.store (i32.const 2056) (local.get $left))
        ;; What is returned is allocated anew each time: from the same place.
        (global.set $free (i32.const 4096))
        (call $call (local.get $handle) (i32.const 0) (i32.const 1)
          (i32.const 2048) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 3072))
        (local.set $left (i64.sub (local.get $left) (i64.const 1)))
        (br $again)))
    (call $drop (local.get $handle))
    (global.set $free (i32.const 4096))
    ;; The answer: whether the last call was answered, as an integer.
    (i64.store (i32.const 2056) (i64.extend_i32_u (i32.eqz (i32.load8_u (i32.const 3072)))))
    (i32.store8 (i32.const 1024) (i32.const 0))
    (i32.store (i32.const 1028) (i32.const 2048))
    (i32.store (i32.const 1032) (i32.const 1))
    (i32.store (i32.const 1036) (i32.const 0))
    (i32.store (i32.const 1040) (i32.const 0))
    (i32.const 1024))
  (func (export "object-membrane:guest/guest@0.1.0#release") (param i32 i32)))
