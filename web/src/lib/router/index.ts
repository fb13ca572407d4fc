export { match, router, type Parameters } from './router.svelte'
