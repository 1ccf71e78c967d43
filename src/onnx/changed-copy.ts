/** A protobuf message with other values in some fields, which shares the rest with the old one. */
export function changedCopy<M extends object>(message: M, changes: Partial<M>): M {
  // spreading would lose the defaults of the fields that are not set: they lie in the prototype
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, changes)
}
