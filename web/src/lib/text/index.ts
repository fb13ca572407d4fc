// All words of the page come from here. Another language is another file of the shape of `en`, chosen below.
import { en } from './en'

export type Text = typeof en

export const text: Text = en
