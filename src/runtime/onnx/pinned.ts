/**
 * Memory that native code keeps the address of.
 *
 * V8 keeps small typed arrays inside its own heap, where collecting garbage moves them, until
 * somebody asks for their buffer; from then on they stay where they are.
 */
export function pinned<View extends ArrayBufferView>(view: View): View {
  void view.buffer
  return view
}
