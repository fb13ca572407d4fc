// Words of the views that few people open. They are no part of the first load: only those views import this file.
import { channels } from './en.channels'
import { manage } from './en.manage'
import { operate } from './en.operate'

export const words: typeof manage = manage
export const channelWords: typeof channels = channels
export const operatorWords: typeof operate = operate
