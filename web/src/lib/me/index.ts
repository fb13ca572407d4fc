export { me, type Permission } from './me.svelte'
