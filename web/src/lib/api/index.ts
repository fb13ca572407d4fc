export { api, content, request, type Schema } from './client'
export { ApiError } from './error'
export { bootstrap, type Branding } from './bootstrap'
