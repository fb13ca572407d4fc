// The views for admins (section `admin`) and operators (section `operator`).

import type { View } from './views'

export const adminViews: View[] = []
