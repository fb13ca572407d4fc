import './styles/tokens.css'
import './styles/base.css'
import { mount } from 'svelte'
import App from './App.svelte'
import { me } from './lib/me'

void me.load()

const target = document.getElementById('app')
if (target) mount(App, { target })
