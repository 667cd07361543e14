;; A guest that is no guest of ours: it speaks to the engine by hand, and uses handles that it was not given.
;;
;; Its root object is a closure of the number of a deed and a directory, `Fn(u64, Arc<dyn Dir>) -> Result<u64, Error>`:
;;
;;   0         use a handle that nobody has made
;;   1         give the directory's handle back, and use it then
;;   2         tell the number of the directory's handle, and keep it
;;   1000 + n  use the handle of number n
(module
  (import "object-membrane:guest/host@0.1.0" "[method]object.method"
    (func $method (param i32 i32 i32 i32)))
  (import "object-membrane:guest/host@0.1.0" "[resource-drop]object"
    (func $drop (param i32)))
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

  ;; At 1024 lies what is returned: a case in the first byte, then what goes with it.
  (func (export "object-membrane:guest/guest@0.1.0#start") (result i32)
    (i32.store8 (i32.const 1024) (i32.const 0))
    (i64.store (i32.const 1032) (i64.const 1))
    ;; The hash of the closure's interface: see `forged.rs`.
    (i64.store (i32.const 1040) (i64.const 0x846365d4a4c36e94))
    (i32.const 1024))

  (func (export "object-membrane:guest/guest@0.1.0#call")
    (param $id i64) (param $number i32) (param $arity i32)
    (param $nodes i32) (param $node-count i32) (param $objects i32) (param $object-count i32)
    (result i32)
    (local $deed i64) (local $handle i32)
    ;; The first node is the deed. The directory's handle is the first object.
    (local.set $deed (i64.load offset=8 (local.get $nodes)))
    (local.set $handle (i32.load (local.get $objects)))
    (if (i64.eq (local.get $deed) (i64.const 0))
      (then (call $use (i32.const 4242))))
    (if (i64.eq (local.get $deed) (i64.const 1))
      (then
        (call $drop (local.get $handle))
        (call $use (local.get $handle))))
    (if (i64.ge_u (local.get $deed) (i64.const 1000))
      (then (call $use (i32.wrap_i64 (i64.sub (local.get $deed) (i64.const 1000))))))
    ;; Done: one node, an integer, and no objects.
    (i64.store8 (i32.const 2048) (i64.const 2))
    (i64.store (i32.const 2056) (i64.extend_i32_u (local.get $handle)))
    (i32.store8 (i32.const 1024) (i32.const 0))
    (i32.store (i32.const 1028) (i32.const 2048))
    (i32.store (i32.const 1032) (i32.const 1))
    (i32.store (i32.const 1036) (i32.const 0))
    (i32.store (i32.const 1040) (i32.const 0))
    (i32.const 1024))

  (func (export "object-membrane:guest/guest@0.1.0#release") (param i32 i32))

  ;; Asks for the number of the method "list".
  (func $use (param $handle i32)
    (call $method (local.get $handle) (i32.const 3072) (i32.const 4) (i32.const 3080)))
  (data (i32.const 3072) "list"))
