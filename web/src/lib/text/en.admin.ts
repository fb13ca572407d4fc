// Words of the administration and operations views.

export const admin = {
  titles: {},
}
